package scim

// Ordered gives the order in which a bulk's operations can be done, and those that cannot.
func (b Bulk) Ordered() (order, stuck []int) { return b.ordered() }

// Resolved puts ids for bulkIds.
func (op BulkOperation) Resolved(ids map[string]string) BulkOperation { return op.resolved(ids) }
