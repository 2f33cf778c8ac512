# %% [markdown]
# # From one prompt to a transmission line
#
# The same question at five places of the chain. Run it cell by cell, or as a script.

# %%
import taotie as tt

answer = tt.prompt("llama-3.1-70b", tokens_in=300, tokens_out=500, on="h100-sxm:4", samples=2000)
energy = answer.figures["energy_per_request"]
energy  # in a notebook: the value, its range as a bar, and the tree it came from

# %% [markdown]
# What does the spread hang on? The batch, above all: services do not publish it.

# %%
tables = answer.to_dict()["tables"]
by_batch = tables["by_batch"]["rows"] if "by_batch" in tables else []
for row in by_batch:
    print(row)

# %% [markdown]
# Two hundred million such requests a day, for a year:

# %%
with tt.sampling(2000, 1):
    requests = tt.leaf(
        "my.requests", value=200e6, unit="request/d", kind="assumed", note="an example"
    )
    yearly = (energy * requests).to("TWh/a")
print(yearly)

# %% [markdown]
# As a constant load on a grid: does it fit at bus 1 of the 39-bus case?

# %%
load_mw = yearly.to("MW").p50
first = tt.capacity("case39", load_mw=load_mw).to_dict()["buses"][0]
print(f"{load_mw:.0f} MW; bus 1 takes {first['margin_mw']:.0f} MW with any one line lost")
fits = load_mw <= first["margin_mw"]
