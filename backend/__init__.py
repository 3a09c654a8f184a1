"""ClimbUp: one backend for what is booked, shipped or haggled over. `backend/README.md` is the map."""
