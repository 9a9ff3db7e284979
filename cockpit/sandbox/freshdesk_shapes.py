"""Freshdesk's state as the JSON of its REST API, version 2."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from cockpit.sandbox.clock import stamp
from cockpit.sandbox.freshdesk import Freshdesk, plain
from cockpit.sandbox.freshdesk_values import (
    SOURCE_EMAIL,
    Canned,
    CannedFolder,
    Company,
    Contact,
    Conversation,
    FreshdeskAgent,
    Ticket,
)

_SETUP = "2024-01-08T09:00:00Z"


def _stamp(moment: datetime | None) -> str | None:
    return stamp(moment) if moment is not None else None


def ticket_shape(desk: Freshdesk, ticket: Ticket, include: set[str]) -> dict[str, Any]:
    """A ticket; `include` may ask for `description`, `requester`, `company` and `stats`."""
    shape: dict[str, Any] = {
        "cc_emails": ticket.cc_emails, "fwd_emails": [], "reply_cc_emails": ticket.cc_emails,
        "ticket_cc_emails": ticket.cc_emails, "ticket_bcc_emails": [], "fr_escalated": False, "spam": ticket.spam,
        "email_config_id": None, "group_id": ticket.group_id, "priority": ticket.priority,
        "requester_id": ticket.requester_id, "responder_id": ticket.responder_id, "source": ticket.source,
        "company_id": ticket.company_id, "status": ticket.status, "subject": ticket.subject,
        "association_type": None, "support_email": desk.address() if ticket.source == SOURCE_EMAIL else None,
        "to_emails": ticket.to_emails, "product_id": None, "id": ticket.id, "type": ticket.kind,
        "due_by": stamp(ticket.created_at + timedelta(days=3)),
        "fr_due_by": stamp(ticket.created_at + timedelta(days=1)), "is_escalated": False,
        "custom_fields": dict(ticket.custom_fields), "created_at": stamp(ticket.created_at),
        "updated_at": stamp(ticket.updated_at), "associated_tickets_count": None, "tags": list(ticket.tags),
        "nr_due_by": None, "nr_escalated": False,
    }  # fmt: skip
    if ticket.deleted:
        shape["deleted"] = True
    if "description" in include:
        shape |= {"description": ticket.description, "description_text": plain(ticket.description)}
    if "requester" in include:
        contact = desk.contacts[ticket.requester_id]
        shape["requester"] = {
            "id": contact.id, "name": contact.name, "email": contact.email, "mobile": None, "phone": None
        }  # fmt: skip
    if "company" in include:
        company = desk.companies.get(ticket.company_id or 0)
        shape["company"] = {"id": company.id, "name": company.name} if company is not None else {}
    if "stats" in include:
        shape["stats"] = {name: _stamp(moment) for name, moment in ticket.stats.items()}
    return shape


def conversation_shape(desk: Freshdesk, one: Conversation) -> dict[str, Any]:
    """A reply or a note."""
    return {
        "body": one.body, "body_text": plain(one.body), "id": one.id, "incoming": one.incoming,
        "private": one.private, "user_id": one.user_id,
        "support_email": desk.address() if one.source == 0 else None, "source": one.source,
        "category": 1 if one.incoming else 3, "to_emails": list(one.to_emails), "from_email": one.from_email,
        "cc_emails": list(one.cc_emails), "bcc_emails": list(one.bcc_emails) or None,
        "email_failure_count": None, "outgoing_failures": None, "thread_id": None, "thread_message_id": None,
        "created_at": stamp(one.created_at), "updated_at": stamp(one.created_at), "last_edited_at": None,
        "last_edited_user_id": None, "attachments": [], "automation_id": None, "automation_type_id": None,
        "auto_response": False, "ticket_id": one.ticket_id, "source_additional_info": None,
    }  # fmt: skip


def reply_shape(one: Conversation) -> dict[str, Any]:
    """What a POST of a reply or a note answers, which is less than the list shows."""
    shape = {
        "body": one.body, "body_text": plain(one.body), "id": one.id, "user_id": one.user_id,
        "ticket_id": one.ticket_id, "created_at": stamp(one.created_at), "updated_at": stamp(one.created_at),
        "attachments": [],
    }  # fmt: skip
    if one.source == 0:
        return shape | {
            "from_email": one.from_email, "cc_emails": list(one.cc_emails), "bcc_emails": list(one.bcc_emails),
            "replied_to": list(one.to_emails),
        }  # fmt: skip
    return shape | {"incoming": one.incoming, "private": one.private, "to_emails": list(one.to_emails)}


def contact_shape(one: Contact) -> dict[str, Any]:
    """A contact."""
    return {
        "active": True, "address": None, "company_id": one.company_id, "view_all_tickets": False,
        "deleted": False, "description": None, "email": one.email, "id": one.id, "job_title": None,
        "language": "en", "mobile": None, "name": one.name, "phone": None, "time_zone": "UTC",
        "twitter_id": None, "custom_fields": {}, "tags": [], "other_emails": [], "other_companies": [],
        "created_at": _SETUP, "updated_at": _SETUP,
    }  # fmt: skip


def company_shape(one: Company) -> dict[str, Any]:
    """A company."""
    return {
        "id": one.id, "name": one.name, "description": one.description, "note": None,
        "domains": list(one.domains), "created_at": _SETUP, "updated_at": _SETUP, "custom_fields": {},
        "health_score": None, "account_tier": None, "renewal_date": None, "industry": "Education",
    }  # fmt: skip


def agent_shape(one: FreshdeskAgent) -> dict[str, Any]:
    """An agent; name and address are in `contact`."""
    return {
        "available": True, "occasional": False, "id": one.id, "ticket_scope": 1, "signature": None,
        "group_ids": [], "role_ids": [], "skill_ids": [], "available_since": None, "type": "support_agent",
        "created_at": _SETUP, "updated_at": _SETUP, "last_active_at": None,
        "contact": {
            "active": True, "email": one.email, "job_title": None, "language": "en", "last_login_at": _SETUP,
            "mobile": None, "name": one.name, "phone": None, "time_zone": one.time_zone, "created_at": _SETUP,
            "updated_at": _SETUP,
        },
    }  # fmt: skip


def folder_shape(desk: Freshdesk, one: CannedFolder) -> dict[str, Any]:
    """A folder of canned responses."""
    count = sum(canned.folder_id == one.id for canned in desk.canned.values())
    return {
        "id": one.id, "name": one.name, "personal": False, "responses_count": count, "created_at": _SETUP,
        "updated_at": _SETUP,
    }  # fmt: skip


def canned_shape(one: Canned) -> dict[str, Any]:
    """A canned response, placeholders and all."""
    return {
        "id": one.id, "title": one.title, "folder_id": one.folder_id, "content": plain(one.html),
        "content_html": one.html, "attachments": [], "created_at": _SETUP, "updated_at": _SETUP,
    }  # fmt: skip
