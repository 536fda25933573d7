package migrations

// OldestReadable is the lowest version of a tenant's schema that this release serves: its own shape and that of the release
// before, so that a rollout keeps no portal waiting. What needs more than a tenant has answers that it is being updated. Raise
// it in the release after the one whose migration its core needs; a test serves a portal of this version.
const OldestReadable = 14
