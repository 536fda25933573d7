package themes

import (
	"html/template"

	"lyceum/tenant"
)

// Page is what Render shows: a struct of values whose one method names its template file and joins it with what every
// page has. The set of pages is closed: templates are type-checked against exactly these.
type Page interface {
	in(c *Chrome) (file string, dot any)
}

// frame is a template's dot: the page's values as .Page, the request's as .View, and Chrome's methods (.T, .Date, …).
type frame struct {
	*Chrome
	Page any
}

// framed is the frame of a page. It is one type for all of them: a type for each would have Chrome's methods compiled a
// hundred times over (28,000 functions, a minute). The tests have those types, and check templates against them.
type framed[P any] = frame

// Template gives the parsed template of a page in a theme, nil for none, for tests that check it.
func (s *Set) Template(theme tenant.Theme, p Page) *template.Template {
	file, _ := p.in(s.chrome(View{}))
	in := s.pages[edition{theme, Locales()[0]}][file]
	if in == nil {
		return nil
	}
	t, _ := in.template()
	return t
}

// Pages lists an empty one of each page, for tests and for checking templates at start.
func Pages() []Page {
	return []Page{
		SignInPage{}, ForgotPage{}, ResetPage{}, InvitationPage{}, LinkInvalidPage{}, AccountPage{},
		HomePage{}, CataloguePage{}, CoursePage{}, PlayerPage{}, CompletedPage{}, CertificatesPage{}, VerifyPage{}, IssuedPage{}, IssuedHistoryPage{}, DesignsPage{}, DesignPage{}, CourseCertificatePage{}, FirstStepsPage{}, RolloutsPage{}, AnnouncementsPage{}, FlagsPage{}, BannerPage{}, WindowPage{}, ClosedPage{}, LeavingPage{}, ReceiptPage{}, StatusPage{}, OperatorStatusPage{}, PeopleImportsPage{}, PeopleImportPage{}, JoinLinksPage{}, JoinPage{},
		NotificationsPage{}, NotificationSettingsPage{}, CalendarPage{}, TranscriptPage{}, TranscriptProofPage{},
		PeoplePage{}, InvitePage{}, PersonPage{},
		CatalogueSettingsPage{}, CourseSettingsPage{}, ReviewPage{}, VersionsPage{}, VersionPage{}, LanguagesPage{}, TranslationPage{}, PiecePage{},
		StudioPage{}, CourseEditPage{}, LessonEditPage{}, PublishPage{}, RosterPage{}, DeskPage{}, DesksPage{},
		LessonHistoryPage{}, ImportPage{},
		PlacesPage{},
		BillingPage{}, PlansPage{}, PlanPage{}, InvoicePage{}, OperatorBillingPage{}, SubscriptionsPage{}, SubscriptionPage{}, BooksCheckoutPage{}, BooksCardPage{}, PaymentsPage{}, MessagesPage{}, MessagePage{}, ToldPage{},
		OperatorPlansPage{}, OperatorPlanPage{}, PlanVersionPage{}, PlanDraftPage{}, PlanMovePage{},
		MatrixPage{}, DutyRecordPage{}, ReportsPage{}, ReportPage{}, EvidencePage{}, DashboardPage{}, CompletionsPage{}, RemindersPage{}, ReminderRulesPage{}, RemindersSentPage{}, ReminderPage{}, StructurePage{}, SpansPage{}, AwayPage{}, TeamPage{}, TeamPersonPage{}, CompliancePage{}, RequirementPage{}, RequirementEditPage{}, RequirementPlanPage{}, RequirementRunPage{}, DutiesPage{}, GradebookPage{}, GradeSheetPage{}, GradeSettingsPage{}, GradeImportPage{}, OwnGradesPage{},
		TestPage{}, TestResultPage{}, TestEditPage{}, TestSittingsPage{}, TestReviewPage{}, TestRegradePage{}, TestAnalysisPage{},
		BanksPage{}, GradeVersionsPage{}, BankPage{}, BankImportPage{}, BankExportPage{}, QuestionPage{},
		PathsPage{}, PathPage{}, StudioPathsPage{}, PathEditPage{}, PathRosterPage{}, PrerequisitesPage{},
		MarkingPage{}, SubmissionPage{}, ComparePage{}, AssignmentPage{}, EmbedsPage{},
		BrandPage{}, BrandPreviewPage{}, AddressPage{}, AddressDomainPage{}, OperatorSupportPage{}, SupportEnterPage{}, SupportAccessPage{}, APIKeysPage{}, UsagePage{}, UsageEventPage{},
		AuditPage{}, AuditCheckPage{},
		FilesPage{},
		RolesPage{}, RolePage{}, WhoMayPage{}, WhyPage{},
		GroupsPage{}, GroupPage{}, GroupEditPage{},
		SearchPage{},
		ConnectionsPage{}, ConnectionNewPage{}, ConnectionPage{}, ConnectionGuidePage{}, ConnectionSettingsPage{}, ConnectionMetadataPage{}, ConnectionMappingPage{},
		ConnectionAccessPage{}, ConnectionAttemptsPage{}, ConnectionAttemptPage{}, ConnectionOutlookPage{}, ConnectionDeletePage{},
		DomainsPage{}, DomainPage{}, SignOnRulesPage{}, SetupLinksPage{}, SigningKeysPage{}, BreakGlassPage{}, SetupPage{}, SetupOverPage{},
		DirectoriesPage{}, DirectoryPage{}, DirectorySettingsPage{}, DirectoryPeoplePage{}, DirectoryGroupsPage{}, DirectoryRequestsPage{}, DirectoryRequestPage{},
		FactorPage{}, EnrolPage{}, SecurityPage{}, AppPage{}, RecoveryPage{}, StepUpPage{}, RulesPage{}, OperatorCodePage{}, OperatorEnrolPage{}, OperatorCodesPage{}, OperatorSecurityPage{}, OperatorStepUpPage{}, AuthenticatorPage{}, ActsPage{}, ActsCheckPage{}, OperatorsPage{}, OperatorPage{}, OperatorJoinPage{},
		LDAPNewPage{}, LDAPDirectoryPage{}, LDAPRunPage{}, LDAPSettingsPage{}, LDAPMappingPage{}, LDAPDeletePage{},
		ProblemPage{}, SuspendedPage{}, ProvisioningPage{},
		LandingPage{}, SignUpPage{}, SignUpWaitPage{}, UnknownPortalPage{},
		SSOLeavePage{}, SSOContinuePage{}, SSOConfirmPage{}, SSORefusedPage{}, SSOTriedPage{}, SSOPasswordPage{},
		OperatorSignInPage{}, TenantsPage{}, TenantPage{}, MailboxPage{}, MailPage{},
	}
}
