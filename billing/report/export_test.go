package report

// BreakAt has the service call back at each of its steps, named; a test dies there.
func (s *Service) BreakAt(step func(name string)) { s.step = step }
