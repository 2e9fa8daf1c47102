"""What Azure Functions calls (Python, v2 model): ``sweep`` by a timer, ``change`` by Event Grid."""

from __future__ import annotations

from pathlib import Path

import azure.functions as func
from references import resolved

from cloudsync.uncollected import loading

with loading("cloudsync"):
    from cloudsync.function import answer, answer_change

HERE = Path(__file__).resolve().parent
app = func.FunctionApp()


# %NAME% is an application setting: the schedule is the deployment's.
@app.timer_trigger(schedule="%CLOUDSYNC_SCHEDULE%", arg_name="timer", run_on_startup=False)
def sweep(timer: func.TimerRequest) -> None:
    """One pass over every target; an exception where it failed."""
    del timer
    answer(None, HERE, first=resolved)


@app.event_grid_trigger(arg_name="event")  # pyright: ignore[reportUnknownMemberType] - it says too little
def change(event: func.EventGridEvent) -> None:
    """A look at what an event of a subscription concerns, and its repair."""
    told = {"eventType": event.event_type, "subject": event.subject, "data": event.get_json()}
    answer_change("azure", told, None, HERE, first=resolved)
