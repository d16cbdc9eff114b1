"""`rung check` and `rung run` of a bundle: several protocols on one patient."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from typing import TYPE_CHECKING

from rung_lang.cli.checked import Checked, Finding
from rung_lang.cli.files import read_bytes, reader
from rung_lang.driver import Compiled

if TYPE_CHECKING:
    from rung_lang.bundle import Bundle


def is_bundle(path: str) -> bool:
    """By its name."""
    return path.endswith(".bundle")


def bundle_of(path: str) -> Bundle:
    """The bundle at `path`; the caller looks at its problems."""
    from rung_lang.bundle import compile_bundle

    read_bytes(path)  # a missing or unreadable file is refused here, under the name the user gave
    return compile_bundle(path, reader())


def with_members(paths: Iterable[str]) -> tuple[list[str], dict[str, Bundle]]:
    """The protocols and formularies named, those that bundles run among them, each file once; and bundles."""
    files: dict[str, str] = {}
    bundles: dict[str, Bundle] = {}
    for path in paths:
        if is_bundle(path):
            bundles[path] = bundle_of(path)
            for member in bundles[path].members:
                files.setdefault(posixpath.normpath(member.path), member.path)
        else:
            files.setdefault(posixpath.normpath(path), path)
    return list(files.values()), bundles


def members_of(bundle: Bundle) -> frozenset[str]:
    """The files of its members."""
    return frozenset(posixpath.normpath(member.path) for member in bundle.members)


def check_bundle(path: str, bundle: Bundle) -> Checked:
    """What is wrong with the bundle itself, and what its examples come to. Its members are checked by
    themselves, and beside each other.
    """
    from rung_lang.bundle_examples import BundleResult, run_bundle_examples
    from rung_lang.report.bundle import depends_message, failure_message, failure_tree
    from rung_lang.report.words import message

    examples: list[tuple[BundleResult, tuple[Finding, ...]]] = []
    if bundle.is_whole:
        artifacts = {artifact.name: artifact for artifact in bundle.artifacts}
        for one in run_bundle_examples(bundle.artifacts, bundle.examples):
            found = [
                Finding(failure_message(failure, artifacts, bundle.sources), failure_tree(failure))
                for failure in one.failures
            ]
            if one.depends:
                found.append(Finding(depends_message(one)))
            examples.append((one, tuple(found)))
    files = () if bundle.file is None else (bundle.file,)
    text = Compiled(None, bundle.said, bundle.problems, bundle.sources, files, ())
    findings = tuple(Finding(message(problem)) for problem in bundle.problems)
    return Checked(path, text, findings, tuple(examples), 0, (), None)
