package store

import (
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"

	"lyceum/auth"
	"lyceum/auth/group"
	"lyceum/auth/hrsync"
	"lyceum/auth/ldapsync"
	"lyceum/auth/org"
	"lyceum/auth/privacy"
	"lyceum/auth/privacy/access"
	"lyceum/auth/privacy/hold"
	"lyceum/auth/scim"
	"lyceum/auth/signon"
	"lyceum/billing/offer"
	"lyceum/internal/fault"
	"lyceum/learning/assessment"
	"lyceum/learning/bank"
	"lyceum/learning/catalog"
	"lyceum/learning/certificate"
	"lyceum/learning/content"
	"lyceum/learning/duty"
	"lyceum/learning/enrolment"
	"lyceum/learning/gradebook"
	"lyceum/learning/path"
	"lyceum/learning/report/builder"
	"lyceum/learning/report/evidence"
	"lyceum/tenant"
	"lyceum/tenant/address"
	"lyceum/tenant/takeout"
)

// constraintFault maps a constraint's name to the failure it means to a person. The rest are our own mistakes.
func constraintFault(name string) *fault.Fault {
	switch name {
	case "test_appeals_pk":
		return assessment.ErrAppealed
	case "tenants_slug_uq", "slugs_pk":
		return tenant.ErrSlugTaken
	case "wished_domains_pk":
		return address.ErrHere
	case "domains_pk":
		return tenant.ErrDomainTaken
	case "data_requests_open_uq":
		return access.ErrOpen
	case "erasures_open_uq":
		return privacy.ErrOpen
	case "holds_name_uq":
		return hold.ErrNameUsed
	case "evidence_packs_open_uq":
		return evidence.ErrOpen
	case "reports_name_uq":
		return builder.ErrNameTaken
	case "takeouts_open_uq":
		return takeout.ErrOpen
	case "certificate_designs_name_uq":
		return certificate.ErrDesignNameTaken
	case "people_email_uq":
		return auth.ErrEmailTaken
	case "directory_people_user_name_uq":
		return scim.ErrUniqueness
	case "factors_credential_uq":
		return auth.ErrPasskeyTaken
	case "org_units_code_uq":
		return org.ErrUnitCode
	case "org_units_name_uq":
		return org.ErrUnitName
	case "person_fields_code_uq":
		return org.ErrFieldCode
	case "hr_sources_code_uq":
		return hrsync.ErrCode
	case "hr_runs_open_uq":
		return hrsync.ErrOpen
	case "hr_runs_key_uq":
		return hrsync.ErrKeyReused
	case "hr_runs_undo_uq":
		return hrsync.ErrUndone
	case "groups_name_uq":
		return group.ErrNameTaken
	case "roles_name_uq":
		return auth.ErrRoleTaken
	case "person_roles_role_fk", "requirements_role_fk":
		return auth.ErrRoleInUse
	case "email_domains_pk":
		return signon.ErrDomainHere
	case "break_glass_two_ck":
		return signon.ErrTwoPeople
	case "directories_connection_fk":
		return signon.ErrConnectionNotFound
	case "directory_runs_running_uq":
		return ldapsync.ErrRunning
	case "plans_code_uq":
		return offer.ErrCodeTaken
	case "plan_versions_draft_uq":
		return offer.ErrDraftThere
	case "plan_versions_kept_ck":
		return offer.ErrNoDraft
	case "plan_migrations_running_uq":
		return offer.ErrMigrating
	case "operators_email_uq":
		return auth.ErrOperatorTaken
	case "test_settings_pk", "test_regrades_pk":
		return assessment.ErrMoved
	case "requirements_name_uq":
		return duty.ErrNameTaken
	case "gradebook_settings_pk", "gradebook_marks_pk":
		return gradebook.ErrMoved
	case "courses_slug_uq":
		return catalog.ErrSlugTaken
	case "categories_name_uq":
		return catalog.ErrCategoryTaken
	case "categories_parent_fk":
		return catalog.ErrCategoryNotEmpty
	case "skills_name_uq":
		return catalog.ErrSkillTaken
	case "course_skills_skill_fk":
		return catalog.ErrSkillNotFound
	case "course_groups_group_fk":
		return catalog.ErrNoSuchGroup
	case "file_variants_file_fk":
		return content.ErrFileNotFound
	case "identities_subject_uq":
		return signon.ErrIdentityKnown
	case "bank_shares_role_fk", "bank_shares_group_fk":
		return bank.ErrShareGone
	case "paths_slug_uq":
		return path.ErrSlugTaken
	case "enrolments_once_uq":
		return enrolment.ErrAlreadyEnrolled
	}
	return nil
}

// fail wraps a query's error with what was being done, as the declared failure where the constraint has one.
func fail(err error, doing string, args ...any) error {
	if err == nil {
		return nil
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		if f := constraintFault(pg.ConstraintName); f != nil {
			return f.Because(err)
		}
	}
	return fmt.Errorf("%s: %w", fmt.Sprintf(doing, args...), err)
}

// notFound turns an absent row into the declared failure, and wraps the rest.
func notFound(err error, missing *fault.Fault, doing string, args ...any) error {
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return missing
	}
	return fail(err, doing, args...)
}
