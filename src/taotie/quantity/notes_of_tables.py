"""What do the notes in the tables of places, intensities and workloads say? As messages, so that both languages have them.

The tables keep their notes in English, a number in each where it differs from row to row; `words.again` finds the
message behind one. A test walks the tables: a note that no message here fits is named there.
"""

from __future__ import annotations

from taotie.words.language import N_

__all__ = ["NOTES", "TABLES"]

TABLES = (
    "carbon_intensity", "climates", "countries", "embodied", "equivalents", "hourly_intensity", "places",
    "state_generation", "tasks", "workload_kinds",
)  # fmt: skip
"""Tables whose notes stand on pages."""

NOTES = (
    # intensity
    N_("{value} lb/MWh as printed, combustion, at the point of use (grid loss included, about {loss} %); unit inferred from eGRID"),
    N_("{value} lb/MWh as printed; combustion, CO2e at the plant per kWh generated; no losses, no life cycle"),
    N_("CO2 only, combustion"),
    N_("CO2 only, combustion; electricity consumed, transfers between provinces counted"),
    N_("CO2 only, combustion; without traded non-fossil electricity"),
    N_("CO2e, life cycle, delivered: for product footprints only"),
    N_("average of {year}: life-cycle factors of oil, gas and coal over all generation; other fuels counted as 0"),
    N_("average, life cycle, at the power station; no losses, no trade"),
    N_("short-run marginal, hourly changes of all generation: solar ramps break it, as California shows; do not use"),
    N_("short-run marginal, hourly changes of fossil generation; life-cycle factors; hours with a change of {share} % of the mean or more left out"),
    N_("average intensity, life-cycle factors; yearly mean {value} gCO2e/kWh"),
    # places
    N_("consumption at the power station; low: without hydro ({low}), high: cooling-tower medians with hydro ({high}); fuel chain left out"),
    N_("design value"),
    N_("fleet value, not the region's"),
    N_("hourly share of carbon-free energy that the operator states, contracts included: market-based"),
    N_("the area whose hours stand for it"),
    N_("several zones: that of the city whose climate stands for it"),
    N_("the market area most of its load lies in"),
    N_("usual share lost between power station and meter; not looked up"),
    N_("water per IT energy"),
    N_("what large customers pay; contracts are not published"),
    N_("from memory, rounded; a weather file is better"),
    # electricity of nations and states
    N_("at the customers: retail sales plus direct use, after network losses"),
    N_("at the power stations, before network losses"),
    N_("at the power stations, before network losses; first print, later editions have {value}"),
    N_("at the power stations, before network losses; printed to three digits"),
    N_("generation plus net imports, so network losses are inside"),
    N_("no yearly count of Ukraine is held after {year}: {share} % either way for each year since"),
    N_("range {share} % either way: half of what this edition and that of {edition} differ in for {year} ({apart} %)"),
    N_("range {share} % either way: the least"),
    N_("retail sales only, without direct use"),
    N_("the last year the edition holds of Ukraine"),
    N_("whole-society consumption as the National Energy Administration counts it"),
    N_("at the power stations of the state; what it uses may be more or less"),
    # making the machines
    N_("GPU alone"),
    N_("GPU alone, an eighth of the board"),
    N_("GPU alone; memory die area dominates"),
    N_("card alone"),
    N_("ends are {low} and {high} % points: accelerator and its share of the server, cradle to gate; building and network left out; {parts}"),
    N_("GPU {low} to {high}, server share {few} to {many}"),
    N_("GPU {low} to {high}, server share {few} to {many}; a p4d share is {share}"),
    N_("card {low} to {high}, share of a server {few} to {many}"),
    N_("no figure of its kind is held"),
    N_("share of its life in which an accelerator has work"),
    N_("years a server is used; published lives run from {low} to {high}"),
    # everyday things
    N_("a common LED lamp of {light} lm"),
    N_("a larger number says nothing to a reader"),
    N_("from the socket, charging losses included; mid-size car"),
    N_("from the socket; a hidden constant that moves published comparisons twofold"),
    N_("mean US residential customer of {year}"),
    N_("of {year}, whole chain of the search; never updated by Google"),
    N_("one training run of GPT-3 at the facility meter"),
    N_("the kettle itself and what evaporates take {low} to {high} % more"),
    # what a kind of workload asks
    N_("context of a call. Quoted: {one} a call of one developer, {other} in a project, {low} to {high} a task"),
    N_("each is followed by another call of the model, see turns_per_session"),
    N_("question and pages found. Quoted: a mean prompt of about {tokens} tokens over all traffic of a large router in November 2025 (OpenRouter and a16z)"),
    N_("a short answer with its sources"),
    N_("share of the context that was read before. Quoted: {one} and {other} of long sessions, {low} to {high} of single tasks"),
    N_("tokens written over tokens shown. Quoted: {thought} tokens of thought beside answers of {answer} tokens in multiple choice (Dauner and Socher 2025), answers of thousands of tokens for mathematics; effort settings move it by ten times"),
    N_("what a user asks. With the calls of tools {low} to {high} calls of the model a session; quoted: {calls} a session of one developer ({tokens} in {n} sessions), {few} to {many} calls of tools for a single task"),
    N_("written in a call. Quoted: {one} and {other} tokens a call, {low} to {high} a task"),
    N_("whole machine of 8 A100, 7 idle; memory by a rule; one at a time"),
    # of single figures
    N_("as quoted by followin.io and satoshoz.com, April 2025"),
    N_("default for a data centre built for AI; the range is SemiAnalysis' as Epoch AI quotes it"),
    N_("what the index multiplies the draw of machines by; a judgement of its authors, no survey of sites"),
    N_("32 encoders, one input at a time, on an A100; other chips and batches by judgement"),
)  # fmt: skip
