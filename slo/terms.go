package slo

import "fmt"

// Exclusion is an approved interval that leaves both sides of the fraction.
type Exclusion struct {
	ID string
	Period
	Reason string // client, third_party or force_majeure
}

// UnknownPolicy says how unknown time counts.
type UnknownPolicy uint8

// Unknown time leaves the fraction, counts as up, or counts as down.
const (
	UnknownExcluded UnknownPolicy = iota
	UnknownAsUp
	UnknownAsDown
)

// Terms are what one SLO promises, as one revision of the contract has it.
type Terms struct {
	Objective   Objective
	Hours       *Calendar
	Maintenance []Maintenance
	Policy      MaintenancePolicy
	Exclusions  []Exclusion
	Unknown     UnknownPolicy
}

// Validate says which of the terms is wrong, if any. Rules of recurrence are read, not
// expanded.
func (t Terms) Validate() error {
	if err := t.check(); err != nil {
		return err
	}
	for i, m := range t.Maintenance {
		if err := m.Validate(); err != nil {
			return fmt.Errorf("maintenance[%d].%w", i, err)
		}
	}
	return nil
}

// check is Validate without the maintenance, which is checked where it is expanded.
func (t Terms) check() error {
	if err := t.Objective.validate(); err != nil {
		return err
	}
	if err := t.Hours.Validate(); err != nil {
		return fmt.Errorf("service_hours.%w", err)
	}
	if err := t.Policy.validate(); err != nil {
		return fmt.Errorf("maintenance_policy.%w", err)
	}
	for i, e := range t.Exclusions {
		if err := e.Period.Validate(); err != nil {
			return fmt.Errorf("exclusions[%d].%w", i, err)
		}
	}
	if t.Unknown > UnknownAsDown {
		return fmt.Errorf("unknown: policy %d does not exist", t.Unknown)
	}
	return nil
}
