package themes

// Page is what Render shows: a struct of values whose one method names its template file and joins it with what every
// page has. The set of pages is closed: templates are type-checked against exactly these.
type Page interface {
	in(c *Chrome) (file string, dot any)
}

// framed is a template's dot: the page's values as .Page, the request's as .View, and Chrome's methods (.T, .Date, …).
type framed[P any] struct {
	*Chrome
	Page P
}

// Pages lists an empty one of each page, for tests and for checking templates at start.
func Pages() []Page {
	return []Page{
		SignInPage{}, ForgotPage{}, ResetPage{}, InvitationPage{}, LinkInvalidPage{}, AccountPage{},
		HomePage{}, CataloguePage{}, CoursePage{}, PlayerPage{}, CompletedPage{}, CertificatesPage{}, VerifyPage{},
		PeoplePage{}, InvitePage{}, PersonPage{},
		StudioPage{}, CourseEditPage{}, LessonEditPage{}, PublishPage{}, RosterPage{},
		LessonHistoryPage{},
		BrandPage{}, BrandPreviewPage{}, APIKeysPage{}, UsagePage{}, UsageEventPage{},
		AuditPage{}, AuditCheckPage{},
		RolesPage{}, RolePage{}, WhoMayPage{}, WhyPage{},
		ConnectionsPage{}, ConnectionNewPage{}, ConnectionPage{}, ConnectionGuidePage{}, ConnectionSettingsPage{}, ConnectionMetadataPage{}, ConnectionMappingPage{},
		ConnectionAccessPage{}, ConnectionAttemptsPage{}, ConnectionAttemptPage{}, ConnectionOutlookPage{}, ConnectionDeletePage{},
		DomainsPage{}, DomainPage{}, SignOnRulesPage{}, SetupLinksPage{}, SigningKeysPage{}, BreakGlassPage{}, SetupPage{}, SetupOverPage{},
		DirectoriesPage{}, DirectoryPage{}, DirectorySettingsPage{}, DirectoryPeoplePage{}, DirectoryGroupsPage{}, DirectoryRequestsPage{}, DirectoryRequestPage{},
		FactorPage{}, EnrolPage{}, SecurityPage{}, AppPage{}, RecoveryPage{}, StepUpPage{}, RulesPage{}, OperatorCodePage{}, OperatorSecurityPage{},
		LDAPNewPage{}, LDAPDirectoryPage{}, LDAPRunPage{}, LDAPSettingsPage{}, LDAPMappingPage{}, LDAPDeletePage{},
		ProblemPage{}, SuspendedPage{}, ProvisioningPage{},
		LandingPage{}, SignUpPage{}, SignUpWaitPage{}, UnknownPortalPage{},
		SSOLeavePage{}, SSOContinuePage{}, SSOConfirmPage{}, SSORefusedPage{}, SSOTriedPage{}, SSOPasswordPage{},
		OperatorSignInPage{}, TenantsPage{}, TenantPage{}, MailboxPage{}, MailPage{},
	}
}
