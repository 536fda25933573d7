package typecheck_test

import (
	"reflect"
	"testing"

	"lyceum/tenant"
	"lyceum/themes"

	"github.com/jba/templatecheck"
)

// typedFrame is a template's dot with the page's own type, for the type check: the dot that pages are drawn with knows it only
// when they are drawn.
type typedFrame[P themes.Page] struct {
	*themes.Chrome
	Page P
}

// checked type-checks the template of a page in every theme.
func checked[P themes.Page](t *testing.T, s *themes.Set) reflect.Type {
	t.Helper()
	var p P
	for _, theme := range tenant.Themes() {
		tmpl := s.Template(theme, p)
		if tmpl == nil {
			t.Errorf("%s: no template for %T", theme, p)
			continue
		}
		if err := templatecheck.CheckHTML(tmpl, typedFrame[P]{}); err != nil {
			t.Errorf("%s, %T: %v", theme, p, err)
		}
	}
	return reflect.TypeFor[P]()
}

func TestEveryPageOfEveryThemeUsesOnlyWhatItsStructHas(t *testing.T) {
	t.Parallel()
	s, err := themes.New(themes.Options{Dev: true})
	if err != nil {
		t.Fatal(err)
	}
	done := map[reflect.Type]bool{}
	for _, check := range []func(*testing.T, *themes.Set) reflect.Type{
		checked[themes.SignInPage],
		checked[themes.ForgotPage],
		checked[themes.ResetPage],
		checked[themes.InvitationPage],
		checked[themes.LinkInvalidPage],
		checked[themes.AccountPage],
		checked[themes.HomePage],
		checked[themes.TestPage],
		checked[themes.TestResultPage],
		checked[themes.TestEditPage], checked[themes.CompliancePage], checked[themes.MatrixPage], checked[themes.DutyRecordPage], checked[themes.RequirementPage], checked[themes.RequirementEditPage], checked[themes.DutiesPage], checked[themes.GradebookPage], checked[themes.GradeSheetPage], checked[themes.GradeSettingsPage], checked[themes.GradeImportPage], checked[themes.OwnGradesPage], checked[themes.TestSittingsPage], checked[themes.TestReviewPage], checked[themes.TestRegradePage], checked[themes.TestAnalysisPage],
		checked[themes.VersionsPage],
		checked[themes.VersionPage],
		checked[themes.TranslationPage],
		checked[themes.ReviewPage],
		checked[themes.PiecePage],
		checked[themes.LanguagesPage],
		checked[themes.CourseSettingsPage], checked[themes.IssuedHistoryPage], checked[themes.DesignsPage], checked[themes.DesignPage], checked[themes.CourseCertificatePage],
		checked[themes.CatalogueSettingsPage],
		checked[themes.TranscriptProofPage],
		checked[themes.TranscriptPage],
		checked[themes.CalendarPage],
		checked[themes.NotificationSettingsPage],
		checked[themes.NotificationsPage],
		checked[themes.CataloguePage],
		checked[themes.CoursePage],
		checked[themes.PlayerPage],
		checked[themes.CompletedPage],
		checked[themes.CertificatesPage],
		checked[themes.VerifyPage],
		checked[themes.IssuedPage],
		checked[themes.FirstStepsPage],
		checked[themes.RolloutsPage], checked[themes.PeopleImportsPage], checked[themes.PeopleImportPage], checked[themes.JoinLinksPage], checked[themes.JoinPage],
		checked[themes.PeoplePage],
		checked[themes.InvitePage],
		checked[themes.PersonPage],
		checked[themes.StudioPage],
		checked[themes.CourseEditPage],
		checked[themes.LessonEditPage],
		checked[themes.PublishPage],
		checked[themes.RosterPage],
		checked[themes.DeskPage],
		checked[themes.LessonHistoryPage],
		checked[themes.ImportPage],
		checked[themes.PlacesPage],
		checked[themes.BillingPage],
		checked[themes.PlansPage],
		checked[themes.PlanPage],
		checked[themes.InvoicePage],
		checked[themes.OperatorBillingPage],
		checked[themes.SubscriptionsPage],
		checked[themes.ToldPage],
		checked[themes.SubscriptionPage],
		checked[themes.OperatorPlansPage],
		checked[themes.OperatorPlanPage],
		checked[themes.PlanVersionPage],
		checked[themes.PlanDraftPage],
		checked[themes.PlanMovePage],
		checked[themes.BooksCheckoutPage],
		checked[themes.BooksCardPage], checked[themes.PaymentsPage], checked[themes.MessagesPage], checked[themes.MessagePage],
		checked[themes.BanksPage],
		checked[themes.BankPage],
		checked[themes.BankImportPage],
		checked[themes.BankExportPage],
		checked[themes.QuestionPage],
		checked[themes.PathsPage],
		checked[themes.PathPage],
		checked[themes.StudioPathsPage],
		checked[themes.PathEditPage],
		checked[themes.PathRosterPage],
		checked[themes.PrerequisitesPage],
		checked[themes.MarkingPage],
		checked[themes.SubmissionPage],
		checked[themes.ComparePage],
		checked[themes.AssignmentPage],
		checked[themes.EmbedsPage],
		checked[themes.BrandPage],
		checked[themes.BrandPreviewPage],
		checked[themes.APIKeysPage],
		checked[themes.UsagePage],
		checked[themes.UsageEventPage],
		checked[themes.AuditPage],
		checked[themes.AuditCheckPage],
		checked[themes.FilesPage],
		checked[themes.RolesPage],
		checked[themes.RolePage],
		checked[themes.WhoMayPage],
		checked[themes.WhyPage],
		checked[themes.ConnectionsPage],
		checked[themes.ConnectionNewPage],
		checked[themes.ConnectionPage],
		checked[themes.ConnectionGuidePage],
		checked[themes.ConnectionSettingsPage],
		checked[themes.ConnectionMetadataPage],
		checked[themes.ConnectionMappingPage],
		checked[themes.ConnectionAccessPage],
		checked[themes.ConnectionAttemptsPage],
		checked[themes.ConnectionAttemptPage],
		checked[themes.ConnectionOutlookPage],
		checked[themes.ConnectionDeletePage],
		checked[themes.DomainsPage],
		checked[themes.AddressPage],
		checked[themes.LeavingPage],
		checked[themes.ReceiptPage],
		checked[themes.StatusPage],
		checked[themes.OperatorStatusPage],
		checked[themes.AddressDomainPage],
		checked[themes.OperatorSupportPage],
		checked[themes.SupportEnterPage],
		checked[themes.SupportAccessPage],
		checked[themes.DomainPage],
		checked[themes.SignOnRulesPage],
		checked[themes.SetupLinksPage],
		checked[themes.SigningKeysPage],
		checked[themes.BreakGlassPage],
		checked[themes.SetupPage],
		checked[themes.SetupOverPage],
		checked[themes.DirectoriesPage],
		checked[themes.DirectoryPage],
		checked[themes.DirectorySettingsPage],
		checked[themes.DirectoryPeoplePage],
		checked[themes.DirectoryGroupsPage],
		checked[themes.DirectoryRequestsPage],
		checked[themes.DirectoryRequestPage],
		checked[themes.FactorPage],
		checked[themes.EnrolPage],
		checked[themes.SecurityPage],
		checked[themes.AppPage],
		checked[themes.RecoveryPage],
		checked[themes.StepUpPage],
		checked[themes.RulesPage],
		checked[themes.OperatorCodePage],
		checked[themes.OperatorSecurityPage],
		checked[themes.OperatorEnrolPage],
		checked[themes.OperatorCodesPage],
		checked[themes.OperatorStepUpPage],
		checked[themes.AuthenticatorPage],
		checked[themes.ActsPage],
		checked[themes.ActsCheckPage],
		checked[themes.OperatorsPage],
		checked[themes.OperatorPage],
		checked[themes.OperatorJoinPage],
		checked[themes.LDAPNewPage],
		checked[themes.LDAPDirectoryPage],
		checked[themes.LDAPRunPage],
		checked[themes.LDAPSettingsPage],
		checked[themes.LDAPMappingPage],
		checked[themes.LDAPDeletePage],
		checked[themes.ProblemPage],
		checked[themes.SuspendedPage],
		checked[themes.ProvisioningPage],
		checked[themes.LandingPage],
		checked[themes.GroupsPage],
		checked[themes.GroupPage],
		checked[themes.GroupEditPage],
		checked[themes.SearchPage],
		checked[themes.SignUpPage],
		checked[themes.SignUpWaitPage],
		checked[themes.UnknownPortalPage],
		checked[themes.SSOLeavePage],
		checked[themes.SSOContinuePage],
		checked[themes.SSOConfirmPage],
		checked[themes.SSORefusedPage],
		checked[themes.SSOTriedPage],
		checked[themes.SSOPasswordPage],
		checked[themes.OperatorSignInPage],
		checked[themes.TenantsPage],
		checked[themes.TenantPage],
		checked[themes.MailboxPage],
		checked[themes.MailPage],
	} {
		done[check(t, s)] = true
	}
	for _, p := range themes.Pages() {
		if !done[reflect.TypeOf(p)] {
			t.Errorf("%T is not checked: give it a line above", p)
		}
	}
}
