"""Time: what APScheduler carries out on a timetable, and the real clock."""
