package demoidp

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"lyceum/auth/saml"
	"lyceum/auth/saml/internal/xmlsig"
	"lyceum/auth/saml/internal/xmltree"
)

// slo takes a service's request to sign somebody out, or its answer to one of ours.
func (i *IdP) slo(w http.ResponseWriter, r *http.Request) error {
	in := saml.Incoming{RawQuery: r.URL.RawQuery}
	isResponse := false
	if r.Method == http.MethodPost {
		in = saml.Incoming{SAMLRequest: r.PostFormValue("SAMLRequest"), RelayState: r.PostFormValue("RelayState")}
		isResponse = r.PostFormValue("SAMLResponse") != ""
	} else if q, err := xmlsig.ParseQuery(r.URL.RawQuery); err == nil {
		isResponse = q.Name == "SAMLResponse"
	}
	if isResponse {
		// The session ended when that was asked for; the answer is for the eyes of whoever tries things out.
		return i.pages.notice(w, http.StatusOK, noticePage{Base: i.options.BaseURL, Title: "Signed out", Text: "You are signed out here, and the service has answered."})
	}
	m, err := i.loggedOut(r.Context(), in)
	if err != nil {
		return err
	}
	return i.send(w, r, m)
}

// loggedOut ends the sessions that a service's request names, and answers it.
func (i *IdP) loggedOut(ctx context.Context, in saml.Incoming) (saml.Message, error) {
	in.At, in.Now = i.options.BaseURL+"/slo", i.options.Now()
	root, _, err := carried{Query: in.RawQuery, SAMLRequest: in.SAMLRequest}.unpack()
	if err != nil {
		return saml.Message{}, err
	}
	issuer := xmltree.Child(root, "urn:oasis:names:tc:SAML:2.0:assertion", "Issuer")
	if issuer == nil {
		return saml.Message{}, errors.New("the message does not say from whom it is")
	}
	name, _ := xmltree.Text(issuer)
	service, err := i.service(ctx, name)
	if err != nil {
		return saml.Message{}, err
	}
	got, _, err := i.side().AcceptLogoutRequest(service.settings(), in)
	if err != nil {
		return saml.Message{}, err
	}
	i.forget(service.entityID, got.Subject)
	return i.side().LogoutResponse(service.settings(), got.ID, saml.LogoutDone, got.RelayState, i.options.Now())
}

// AnswerLogout is what the page does with a service's logout request, without a browser.
func (i *IdP) AnswerLogout(ctx context.Context, m saml.Message) (saml.Message, error) {
	in := saml.Incoming{SAMLRequest: m.SAMLRequest, RelayState: m.RelayState}
	if m.Binding == saml.BindingRedirect {
		u, err := url.Parse(m.URL)
		if err != nil {
			return saml.Message{}, fmt.Errorf("demoidp: %w", err)
		}
		in = saml.Incoming{RawQuery: u.RawQuery}
	}
	answer, err := i.loggedOut(ctx, in)
	if err != nil {
		return saml.Message{}, fmt.Errorf("demoidp: %w", err)
	}
	return answer, nil
}

// signOut ends a session from here: the service is told through the browser.
func (i *IdP) signOut(w http.ResponseWriter, r *http.Request) error {
	index := r.PostFormValue("session")
	m, err := i.logout(r.Context(), func(s session) bool { return s.index == index })
	if errors.Is(err, errNoLogout) {
		return i.pages.notice(w, http.StatusOK, noticePage{Base: i.options.BaseURL, Title: "Signed out here", Text: "The service takes no part in single logout."})
	}
	if err != nil {
		return err
	}
	return i.send(w, r, m)
}

var errNoLogout = errors.New("the service takes no part in single logout")

// Logout begins to sign a person out of a service from here, as the button of the page does: the message is for the service.
func (i *IdP) Logout(ctx context.Context, email, service string) (saml.Message, error) {
	m, err := i.logout(ctx, func(s session) bool { return s.person.Email == email && s.service == service })
	if err != nil {
		return saml.Message{}, fmt.Errorf("demoidp: %w", err)
	}
	return m, nil
}

// logout ends the newest session that is meant.
func (i *IdP) logout(ctx context.Context, meant func(session) bool) (saml.Message, error) {
	i.mu.Lock()
	var found session
	for _, s := range i.sessions {
		if meant(s) {
			found = s
		}
	}
	i.mu.Unlock()
	if found.index == "" {
		return saml.Message{}, errors.New("this session has ended already")
	}
	service, err := i.service(ctx, found.service)
	if err != nil {
		return saml.Message{}, err
	}
	who := saml.Subject{NameID: found.nameID, Format: found.format, SessionIndexes: []string{found.index}}
	i.forget(found.service, who)
	if !service.settings().CanLogOut() {
		return saml.Message{}, errNoLogout
	}
	return i.side().LogoutRequest(service.settings(), who, "", i.options.Now())
}

// send puts a message of ours on its way through the browser.
func (i *IdP) send(w http.ResponseWriter, r *http.Request, m saml.Message) error {
	if m.Binding == saml.BindingRedirect {
		http.Redirect(w, r, m.URL, http.StatusSeeOther)
		return nil
	}
	return i.pages.post(w, postPage{Base: i.options.BaseURL, Action: m.Destination, Fields: m.Fields()})
}
