package ldap

// Membership knows who is in which group, from a reading of the groups. It gives people the groups that SignIn would
// give them: those that list them, and, where the kind is Active Directory, the groups in which these are. It holds a few
// bytes for each membership.
type Membership struct {
	nested, byUID bool
	dns           []string
	names         map[string]string // by DN key
	in            map[string][]int  // member's key → groups
	known         map[string]int    // group's key → group
}

// NewMembership makes one for a directory with these settings.
func NewMembership(s Settings) *Membership {
	s = s.WithDefaults()
	return &Membership{nested: s.Kind == KindActiveDirectory, byUID: s.byUID(), names: map[string]string{}, in: map[string][]int{}, known: map[string]int{}}
}

// Add notes a group. It fits Client.Groups.
func (m *Membership) Add(g Group) error {
	key := DNKey(g.DN)
	if _, twice := m.known[key]; twice {
		return nil
	}
	n := len(m.dns)
	m.dns, m.names[key], m.known[key] = append(m.dns, g.DN), g.Name, n
	for _, member := range g.Members {
		member = m.key(member)
		m.in[member] = append(m.in[member], n)
	}
	return nil
}

func (m *Membership) key(member string) string {
	if m.byUID {
		return folded(member)
	}
	return DNKey(member)
}

// Complete adds to a person's groups and claims what the groups know of them.
func (m *Membership) Complete(e *Entry) {
	have := map[string]bool{}
	var found []int
	for _, dn := range e.Groups {
		key := DNKey(dn)
		have[key] = true
		if n, ok := m.known[key]; ok {
			found = append(found, n)
		}
	}
	member := m.key(e.DN)
	if m.byUID {
		member = m.key(e.uid)
	}
	found = append(found, m.in[member]...)
	seen := map[int]bool{}
	for len(found) > 0 {
		n := found[0]
		if found = found[1:]; seen[n] {
			continue
		}
		seen[n] = true
		key := DNKey(m.dns[n])
		if !have[key] {
			have[key] = true
			e.Groups = append(e.Groups, m.dns[n])
		}
		if m.nested {
			found = append(found, m.in[key]...)
		}
	}
	e.claimGroups(m.names)
}
