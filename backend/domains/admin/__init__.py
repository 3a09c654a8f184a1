"""What staff do with the whole: demonstration data."""
