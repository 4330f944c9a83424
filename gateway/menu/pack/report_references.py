"""Check of report.yaml against the wordings: every declared answer has a label in each language."""

from __future__ import annotations

from gateway.menu.checks.pack_files import REPORT
from gateway.menu.definitions.report_form import BUILT_IN_ANSWERS, DEFAULT_FORM, RESERVED_ANSWERS, AnswerType
from gateway.menu.model import FACTS, GATEWAY_PLACEHOLDERS
from gateway.menu.pack.schema import ReportShape, WordingShape
from gateway.menu.pack.yaml_reader import PackReader

ANSWERS = "answers"
"""Section of `labels` with the name of each answer, and the key of report.yaml that declares them."""


def check_report(reader: PackReader, report: ReportShape) -> None:
    """Check that no declared answer has the name of something else."""
    for name in report.answers:
        if name in BUILT_IN_ANSWERS:
            message = "the program has this answer already; remove it here, and ask it in flow.yaml with keep"
        elif name in RESERVED_ANSWERS | GATEWAY_PLACEHOLDERS.keys() | FACTS.keys():
            message = "reserved for the gateway; choose another name"
        else:
            continue
        reader.add(REPORT, (ANSWERS, name), f"{ANSWERS}.{name}: {message}")


def check_answer_labels(
    reader: PackReader, file: str, wording: WordingShape, report: ReportShape, *, has_file: bool
) -> None:
    """Check for declared answers without a label, for labels of unknown answers, and for values without one."""
    unclear = reader.incomplete(REPORT, ANSWERS)
    labels = wording.labels.get(ANSWERS, {})
    for name in report.answers:
        if name not in labels and reader.is_known(file, ("labels", ANSWERS, name)):
            message = f'labels.{ANSWERS}.{name} is missing: write the name of this answer, as "{name.capitalize()}"'
            reader.add(file, ("labels", ANSWERS), message)
    allowed = {*report.answers, *unclear} if has_file else DEFAULT_FORM.answers.keys()
    for name in labels.keys() - allowed:
        if not (reader.incomplete(REPORT) - {ANSWERS}):
            message = (
                f"labels.{ANSWERS}.{name}: report.yaml declares no answer {name}; declare it, or remove this label"
            )
            reader.add(file, ("labels", ANSWERS, name), message)
    for name, answer in report.answers.items():
        is_chosen_by_desk = answer.type is AnswerType.CHOICE and not answer.asked
        if is_chosen_by_desk and not wording.labels.get(name) and reader.is_known(file, ("labels", name)):
            message = (
                f"labels.{name} is missing: name each value that the desk can choose, as {{few: A few, many: Many}}"
            )
            reader.add(file, ("labels",), message)
