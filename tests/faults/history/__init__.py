"""History checker: simulated residents and seeded faults over real processes, and every promise compared afterwards.

`python -m tests.faults.history --seed 7` runs one seed and prints what contradicts what. The parts:

- `records`: what is kept of a run, as plain values. `screens` reads a screen as a resident does.
- `telling`: what each phone told, dialogue by dialogue. `checker` and `checks_*`: the promises, one function each.
- `world`, `carrier_api`: processes, stores, a stand-in for the carrier. `residents`, `manners`, `line`: who dials.
- `troubles`: kills, stops and refusals. `collect`: what the stores hold in the end. `run`: one seed.
"""
