# %% [markdown]
# # A training run: energy, the wave it makes, what a site must bear

# %%
import taotie as tt

run = tt.train(accelerators=16_384, days=54, on="h100-sxm", samples=2000)
for name, figure in run.figures.items():
    print(name, figure)

# %% [markdown]
# While it computes and communicates in turn, the load swings. A square wave between 60 and 105 MW with a period of two
# seconds; what a ramp limit of 5 MW/s and a battery do about it:

# %%
plain = tt.swings(peak_mw=105.0, low_mw=60.0, period_s=2.0, duty=0.7).to_dict()
tamed = tt.swings(
    peak_mw=105.0, low_mw=60.0, period_s=2.0, duty=0.7, battery_s=10.0, battery_mw=50.0
).to_dict()
print(plain["ramp_mw_per_s"], tamed["ramp_mw_per_s"])
calmer = tamed["ramp_mw_per_s"] < plain["ramp_mw_per_s"]
