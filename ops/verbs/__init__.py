"""One file a verb: SUMMARY, EXAMPLES, `arguments(parser)` and `run(arguments) -> int`. Nothing slow at import."""
