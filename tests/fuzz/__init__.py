"""Coverage-guided fuzzing of every function that reads text from outside. `python -m tests.fuzz --seconds 3600`.

What must hold is in `properties`; `target` is what the fuzzer runs; what it found is kept in `finds`, and the suite
runs it again. The fuzzer (atheris) is the extra `fuzz`: the suite needs it not.
"""
