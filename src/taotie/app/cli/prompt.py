"""`taotie prompt`: the energy of one request on given machines, its parts, and what would narrow its range."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from taotie.app.cli.common import Json, Samples, Seed, console, print_json
from taotie.errors import RangeError
from taotie.words.language import _

REPLICA_MAX = 1024


def _models() -> list[str]:
    from taotie.compute.energy.model_architecture import model_architectures

    return list(model_architectures())


def _accelerators() -> list[str]:
    from taotie.hardware.accelerator import accelerators

    return list(accelerators())


def machines(text: str) -> tuple[str, int | None]:
    """Name and number of accelerators in ``h100-sxm:8`` or ``8xh100-sxm``.

    Examples
    --------
    >>> machines("h100-sxm:8"), machines("8xh100"), machines("b200-sxm")
    (('h100-sxm', 8), ('h100', 8), ('b200-sxm', None))
    """
    name, colon, count = text.partition(":")
    head, cross, tail = text.partition("x")
    if not colon and cross and head.isdigit():
        name, count = tail, head
    if not count:
        return name, None
    if not count.isascii() or not count.isdigit() or not 1 <= int(count) <= 100_000_000:
        raise RangeError(
            _("--on {text}: {count} is not a number of accelerators.").format(
                text=text, count=repr(count)
            ),
            "--on h100-sxm:8",
        )
    return name, int(count)


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(help=_("Energy of one request on given machines."))
    def prompt(
        model: Annotated[
            str, typer.Option("--model", "-m", help=_("Model name."), autocompletion=_models)
        ] = "llama-3.1-70b",
        tokens_in: Annotated[
            float, typer.Option("--in", min=0, help=_("Tokens of the prompt."))
        ] = 300,
        tokens_out: Annotated[
            float, typer.Option("--out", min=1, help=_("Tokens of the answer."))
        ] = 500,
        on: Annotated[
            str,
            typer.Option(
                "--on", help=_("Accelerators, such as h100-sxm:8."), autocompletion=_accelerators
            ),
        ] = "h100-sxm",
        batch: Annotated[
            float | None,
            typer.Option(
                "--batch", "-b", min=1, help=_("Requests decoded together; default: unknown.")
            ),
        ] = None,
        precision: Annotated[str, typer.Option(help=_("bf16, fp8, mxfp4, int4 ..."))] = "bf16",
        runtime: Annotated[
            str, typer.Option(help=_("Generation of the serving software."))
        ] = "vllm-0.11",
        pue: Annotated[float | None, typer.Option(help=_("PUE of the building."))] = None,
        seed: Seed = None,
        samples: Samples = None,
        as_json: Json = False,
    ) -> None:
        from taotie.quantity.sampling import DEFAULT, sampling
        from taotie.study.one_request import one_request

        name, count = machines(on)
        if count is not None and count > REPLICA_MAX:
            raise RangeError(
                _("--on {text}: one copy of a model does not run on {count} accelerators.").format(
                    text=on, count=count
                ),
                "--on h100-sxm:8",
            )
        with sampling(samples or DEFAULT.n, DEFAULT.seed if seed is None else seed):
            answer = one_request(
                model=model,
                tokens_in=tokens_in,
                tokens_out=tokens_out,
                accelerator=name,
                accelerators_per_replica=count,
                batch=batch,
                precision=precision,
                runtime=runtime,
                pue=pue,
            )
            if as_json:
                print_json(answer.to_dict())
            else:
                _show(answer)


def _show(answer: Any) -> None:
    from taotie.quantity.wording import boundary_word, kind_word, readable, value_text

    out = console()
    for key, indent in (
        ("energy_per_request", ""),
        ("energy_cooling", "  "),
        ("energy_per_request_server", "  "),
        ("energy_host", "    "),
        ("energy_per_request_accelerator", "    "),
        ("energy_decode", "      "),
        ("energy_prefill", "      "),
    ):
        figure = answer.figures[key]
        words = ", ".join(w for w in (boundary_word(figure.boundary), kind_word(figure.kind)) if w)
        out.print(f"{indent}{figure.name}: {value_text(readable(figure))}  ({words})", markup=False)
    out.print("")
    out.print(_("By batch, at the plug of the building:"))
    for size, figure in answer.by_batch:
        out.print(f"  {size:>4d}  {value_text(readable(figure))}", markup=False)
    out.print("")
    out.print(_("What would narrow the range most:"))
    for driver in list(answer.drivers)[:4]:
        if driver.share >= 0.005:
            out.print(f"  {driver.share:4.0%}  {driver.leaf.name}", markup=False)
    for default in answer.defaults:
        out.print(
            _("default: {key} = {value}: {why}").format(
                key=default.key, value=default.value, why=default.reason.text()
            ),
            markup=False,
        )
