"""Who hears about what: verb → the jobs that react, on one screen."""

REACTIONS: dict[str, tuple[str, ...]] = {
    "charge.capture": ("orders.apply_capture",),
    "review.approve": ("reviews.rate_writer",),
}
