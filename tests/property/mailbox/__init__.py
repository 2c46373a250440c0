"""The mailbox as a state machine: a floor for each file, of which the test stands on the topmost."""
