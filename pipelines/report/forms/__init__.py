"""The forms of a pack: a page, a PDF, a workbook, a short paper and images of its charts. None says anything else."""

from collections.abc import Iterator

from pipelines.report.pack import Pack

PAGE, PDF, WORKBOOK, PAPER, CHARTS = "board-pack.html", "board-pack.pdf", "board-pack.xlsx", "summary.docx", "charts"


def of(pack: Pack) -> Iterator[tuple[str, bytes | str]]:
    """Yield each form of a pack with its name below the unit's folder."""
    from pipelines.report.forms.drawing import png
    from pipelines.report.forms.page import page
    from pipelines.report.forms.paper import paper
    from pipelines.report.forms.pdf import pdf
    from pipelines.report.forms.workbook import workbook

    yield PAGE, page(pack)
    yield PDF, pdf(pack)
    yield WORKBOOK, workbook(pack)
    yield PAPER, paper(pack)
    for chart in pack.charts:
        yield f"{CHARTS}/{chart.identifier.removesuffix('_chart')}.png", png(chart)
