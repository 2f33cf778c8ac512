# %% [markdown]
# # Numbers of the press, checked one after the other

# %%
import taotie as tt

statements = (
    ("42 MWh", "100000 * 700 W * 0.61"),
    ("2.9 Wh/request", "564 MWh/d / 195e6 request/d"),
    ("134 TWh a year", "devries2023.servers_2027 * devries2023.power_per_server_h100"),
)
verdicts = []
for says, given in statements:
    made = tt.check(says, given).to_dict()
    verdicts.append(made["verdict"])
    print(f"{says:20} {made['verdict']:14} {made['slip'] or ''}")

# %% [markdown]
# Without inputs: what published figures say of the same thing.

# %%
against = tt.check("ChatGPT uses 564 MWh a day").to_dict()["against"]
for one in against[:3]:
    print(one["key"], one["ratio"], one["scope"])
