"""The files of deploy/, with real processes behind them: `make real ARGS=production`."""
