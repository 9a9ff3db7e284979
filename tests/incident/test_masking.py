"""What looks like a secret in a command or its output."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.incident.masking import MASK, masked, masked_command, secretive, spelled

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"
KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nabc\n-----END RSA PRIVATE KEY-----"


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("kubectl -n prod rollout restart deploy/hub", "kubectl -n prod rollout restart deploy/hub"),
        ("mysql -uroot -phunter2 db", "mysql -uroot -p••• db"),
        ("mysql -u root -p db", "mysql -u root -p db"),
        ("tool --password hunter2 x", "tool --password ••• x"),
        ("tool --token=abc x", "tool --token=••• x"),
        ("tool --token --verbose", "tool --token --verbose"),
        ("tool --token-file t --password-stdin host", "tool --token-file t --password-stdin host"),
        ("env DB_PASSWORD=x PGPASSWORD=y HOME=/z psql", "env DB_PASSWORD=••• PGPASSWORD=••• HOME=/z psql"),
        ("kubectl create secret generic a --from-literal=password=b", "kubectl create secret generic a "
         "--from-literal=password=•••"),
        ("kubectl get secret hub -o yaml", "kubectl get secret hub -o yaml"),
        ("curl -u ana:pw https://h/x", "curl -u ana:••• https://h/x"),
        ("curl https://u:pw@h.example/x?token=abc&page=2", "curl 'https://u:•••@h.example/x?token=•••&page=2'"),
        ("docker login -u ana -p hunter2 host", "docker login -u ana -p ••• host"),
        ("docker run -p 8080:80 -u 1000:1000 image", "docker run -p 8080:80 -u 1000:1000 image"),
        ("sshpass -phunter2 ssh -p2222 h", "sshpass -p••• ssh -p••• h"),
        ("ssh -p2222 h", "ssh -p2222 h"),
        ("find . -print -path x", "find . -print -path x"),
        ("cp -pr a b", "cp -pr a b"),
        ("tool -pS3cretWord", "tool -p•••"),
        ("aws configure set aws_secret_access_key=wJalrXUtnFEMI", "aws configure set aws_secret_access_key=•••"),
        ("kubectl logs hub-7d9f8b6c5d-x2x7k", "kubectl logs hub-7d9f8b6c5d-x2x7k"),
        ("git checkout 3777aa2", "git checkout 3777aa2"),
        (f"docker pull image@sha256:{'ab12' * 16}", f"docker pull image@sha256:{'ab12' * 16}"),
        ("tool 123e4567-e89b-12d3-a456-426614174000", "tool 123e4567-e89b-12d3-a456-426614174000"),
    ],
)  # fmt: skip
def test_a_command_is_told_without_its_secrets(typed: str, told: str) -> None:
    assert spelled(typed.split()) == told


@pytest.mark.parametrize(
    "secret",
    [
        "xoxb-" + "123456789012-abcdefABCDEF",
        "xapp-" + "1-A0123-456-abcdef",
        "ghp_" + "a1B2" * 9,
        "github_pat_" + "a1B2c3D4" * 4,
        "glpat-" + "abcdef123456ABCD",
        "AKIA" + "ABCDEFGHIJKL2345",
        JWT,
        KEY,
        "SG." + "abcdefghijkl.mnopqrstuvwx",
        "sk_live_" + "abcdefghijklmnop1234",
        "aB3dE6gH9jK2mN5pQ8sT1vW4",
        "0123456789abcdef0123456789abcdef",
    ],
)
def test_a_known_shape_is_masked_wherever_it_stands(secret: str) -> None:
    for text in (secret, f"a {secret} b", f'{{"x": "{secret}"}}', f"--flag={secret}", f"see {secret}"):
        assert secret not in masked(text)
        assert MASK in masked(text)
    assert secret not in spelled(["echo", secret])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Authorization: Bearer abc.def", "Authorization: Bearer •••"),
        ("authorization: Basic dXNlcjpwYXNz", "authorization: Basic •••"),
        ("X-Api-Key: abc", "X-Api-Key: •••"),
        ("Set-Cookie: id=1; Path=/", "Set-Cookie: •••"),
        ('{"user": "ana", "password": "p\\"q", "n": 1}', '{"user": "ana", "password": "•••", "n": 1}'),
        ("  client_secret: abc\n  name: hub", "  client_secret: •••\n  name: hub"),
        ("https://hooks.slack.com/services/T00/B00/abcdefgh", "https://hooks.slack.com/services/•••"),
        ("Basic checks passed at https://h.example:8443/x", "Basic checks passed at https://h.example:8443/x"),
        ("error: ImagePullBackOff on hub-7d9f8b6c5d-x2x7k", "error: ImagePullBackOff on hub-7d9f8b6c5d-x2x7k"),
    ],
)
def test_text_is_told_without_its_secrets(text: str, told: str) -> None:
    assert masked(text) == told


def test_a_line_for_the_shell_stands_as_it_was_typed() -> None:
    assert spelled(["kubectl get pods | grep hub"]) == "kubectl get pods | grep hub"
    assert spelled(["PGPASSWORD=x psql --password 'a b' | cat"]) == "PGPASSWORD=••• psql --password '•••' | cat"
    assert spelled(["sh", "-c", "echo 'hi there'"]) == "sh -c \"echo 'hi there'\""


@pytest.mark.parametrize("name", ["DB_PASSWORD", "apiKey", "--api-key", "PGPASSWORD", "github_token", "clientSecret"])
def test_names_of_secrets(name: str) -> None:
    assert secretive(name)


@pytest.mark.parametrize(
    "name", ["keyboard", "TOKENS_FILE", "monkey", "key", "path", "SECRET_NAME", "author", "spinner"]
)
def test_names_of_other_things(name: str) -> None:
    assert not secretive(name)


@given(st.text())
def test_masking_twice_is_masking_once(text: str) -> None:
    assert masked(masked(text)) == masked(text)


@given(st.lists(st.text(max_size=40), min_size=1, max_size=8))
def test_a_command_keeps_its_number_of_words(argv: list[str]) -> None:
    assert len(masked_command(argv)) == len(argv)
    assert isinstance(spelled(argv), str)


SECRETS = st.text(string.ascii_letters + string.digits + "!#%^*()+,.;<>?[]{}~", min_size=9, max_size=40)


@given(SECRETS, st.sampled_from(["--password", "--api-key", "--client-secret", "--auth-token"]))
def test_a_value_in_its_place_never_shows(secret: str, flag: str) -> None:
    assert secret not in spelled(["tool", flag, secret, "x"])
    assert secret not in spelled(["tool", f"{flag}={secret}"])
    assert secret not in spelled(["env", f"MY_TOKEN={secret}", "tool"])


def test_a_long_text_takes_no_longer_than_its_length() -> None:
    for text in ("a=a:" * 20_000, "http://a" * 20_000, "xoxb-" * 15_000, "a-" * 40_000, '"' * 80_000):
        masked(text)  # a pattern that backtracks would never come back
