package slapd

import (
	"strings"

	goldap "github.com/go-ldap/ldap/v3"
)

// AddPerson adds a person with the attributes of a made one; what is given replaces them.
func (s *Server) AddPerson(uid string, given map[string][]string) {
	s.t.Helper()
	add := goldap.NewAddRequest(DN(uid), nil)
	add.Attribute("objectClass", []string{"inetOrgPerson"})
	all := attributes(uid)
	for name, values := range given {
		all[name] = values
	}
	for name, values := range all {
		add.Attribute(name, values)
	}
	s.asRoot("add "+uid, func(c *goldap.Conn) error { return c.Add(add) })
}

// RemovePerson removes a person, from their groups too where the server keeps memberOf.
func (s *Server) RemovePerson(uid string) {
	s.t.Helper()
	s.asRoot("remove "+uid, func(c *goldap.Conn) error { return c.Del(goldap.NewDelRequest(DN(uid), nil)) })
}

// Set replaces an attribute of a person; no values removes it.
func (s *Server) Set(uid, attribute string, values ...string) {
	s.t.Helper()
	s.Replace(DN(uid), attribute, values...)
}

// relax lets an administrator write what the server writes otherwise, such as pwdChangedTime (draft-zeilenga-ldap-relax-03).
const relax = "1.3.6.1.4.1.4203.666.5.12"

// Replace replaces an attribute of any entry, those that the server writes too; no values removes it.
func (s *Server) Replace(dn, attribute string, values ...string) {
	s.t.Helper()
	change := goldap.NewModifyRequest(dn, []goldap.Control{goldap.NewControlString(relax, true, "")})
	change.Replace(attribute, values)
	s.asRoot("change "+dn, func(c *goldap.Conn) error { return c.Modify(change) })
}

// Disable locks a person's account for good, as an administrator does.
func (s *Server) Disable(uid string) { s.Set(uid, "pwdAccountLockedTime", "000001010000Z") }

// Enable unlocks a person's account.
func (s *Server) Enable(uid string) { s.Set(uid, "pwdAccountLockedTime") }

// AddGroup adds a groupOfNames with at least one member; members are uids, or DNs where they have a =.
func (s *Server) AddGroup(name string, members ...string) {
	s.t.Helper()
	add := goldap.NewAddRequest(GroupDN(name), nil)
	add.Attribute("objectClass", []string{"groupOfNames"})
	add.Attribute("cn", []string{name})
	add.Attribute("member", dns(members))
	s.asRoot("add group "+name, func(c *goldap.Conn) error { return c.Add(add) })
}

// AddPOSIXGroup adds a posixGroup, whose members are uids.
func (s *Server) AddPOSIXGroup(name, number string, members ...string) {
	s.t.Helper()
	add := goldap.NewAddRequest(GroupDN(name), nil)
	add.Attribute("objectClass", []string{"posixGroup"})
	add.Attribute("cn", []string{name})
	add.Attribute("gidNumber", []string{number})
	add.Attribute("memberUid", members)
	s.asRoot("add group "+name, func(c *goldap.Conn) error { return c.Add(add) })
}

// SetMembers replaces the members of a group.
func (s *Server) SetMembers(name string, members ...string) {
	s.t.Helper()
	s.Replace(GroupDN(name), "member", dns(members)...)
}

// RemoveGroup removes a group.
func (s *Server) RemoveGroup(name string) {
	s.t.Helper()
	s.asRoot("remove group "+name, func(c *goldap.Conn) error { return c.Del(goldap.NewDelRequest(GroupDN(name), nil)) })
}

func dns(members []string) []string {
	list := make([]string, len(members))
	for i, m := range members {
		if list[i] = m; !strings.Contains(m, "=") {
			list[i] = DN(m)
		}
	}
	return list
}

func (s *Server) asRoot(what string, do func(*goldap.Conn) error) {
	s.t.Helper()
	conn, err := goldap.DialURL(s.PlainURL)
	if err == nil {
		defer func() { _ = conn.Close() }()
		if err = conn.Bind(RootDN, RootPassword); err == nil {
			err = do(conn)
		}
	}
	if err != nil {
		s.t.Fatalf("slapd: %s: %v", what, err)
	}
}
