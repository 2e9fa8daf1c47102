"""What Azure Functions calls (Python, v2 model): ``sweep``, by a timer."""

from __future__ import annotations

from pathlib import Path

import azure.functions as func

from cloudsync.function import answer

HERE = Path(__file__).resolve().parent
app = func.FunctionApp()


# %NAME% is an application setting: the schedule is the deployment's.
@app.timer_trigger(schedule="%CLOUDSYNC_SCHEDULE%", arg_name="timer", run_on_startup=False)
def sweep(timer: func.TimerRequest) -> None:
    """One pass over every target; an exception where it failed."""
    del timer
    answer(None, HERE)
