"""Many machines on one database: a clock, and tasks for whichever worker is free. The task engine is procrastinate."""
