package auth

// Verifications says how many password hashes the service has verified.
func (s *Service) Verifications() int64 { return s.passwords.verified.Load() }

// Verifications says how many password hashes the service has verified.
func (o *Operators) Verifications() int64 { return o.passwords.verified.Load() }

// Network shows how an address is counted.
var Network = network

// TakeSlot takes the service's only slot for hashing until release.
func TakeSlot(s *Service) (release func()) {
	s.passwords.slots <- struct{}{}
	return func() { <-s.passwords.slots }
}
