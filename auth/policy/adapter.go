package policy

import (
	"errors"

	"github.com/casbin/casbin/v2/model"
	"github.com/casbin/casbin/v2/persist"
)

// adapter hands a tenant's lines to Casbin. It only loads: lines are changed by rows in the store, and an enforcer that
// holds old ones is dropped whole.
type adapter struct{ lines []Line }

var _ persist.Adapter = adapter{}

var errReadOnly = errors.New("policy: lines are changed in the store, not through casbin")

// LoadPolicy puts every line into the model.
func (a adapter) LoadPolicy(m model.Model) error {
	for _, line := range a.lines {
		rule, err := line.rule()
		if err != nil {
			return err
		}
		if err := persist.LoadPolicyArray(append([]string{string(line.Kind)}, rule...), m); err != nil {
			return err
		}
	}
	return nil
}

// SavePolicy refuses.
func (adapter) SavePolicy(model.Model) error { return errReadOnly }

// AddPolicy refuses.
func (adapter) AddPolicy(string, string, []string) error { return errReadOnly }

// RemovePolicy refuses.
func (adapter) RemovePolicy(string, string, []string) error { return errReadOnly }

// RemoveFilteredPolicy refuses.
func (adapter) RemoveFilteredPolicy(string, string, int, ...string) error { return errReadOnly }
