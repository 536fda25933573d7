package inbox

// BreakAt has a test told of every step.
func (s *Service) BreakAt(step func(name string)) { s.step = step }

// Tries and Lease are for tests.
const (
	Tries = tries
	Lease = lease
)
