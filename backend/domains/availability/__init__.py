"""When it can be booked: schedules, slots, holds and the seats that are taken."""
