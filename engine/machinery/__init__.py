"""Background work, results and what readers bring: kept, bounded, shared by all visitors."""
