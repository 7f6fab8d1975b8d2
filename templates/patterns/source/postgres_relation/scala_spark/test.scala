package sources
