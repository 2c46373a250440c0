"""The whole system on one machine, every part a real process: for the demo, the tests and the bench."""
