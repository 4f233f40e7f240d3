"""Parked messages: listed, shown, and replayed after a fix by the same story that would have booked them."""
