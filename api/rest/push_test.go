package rest_test

import (
	"testing"

	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/internal/webpush/webpushtest"
)

func TestDevicesAreRegisteredByTheAPI(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	service := webpushtest.New(t, s.Now.Clock())
	lee, _ := s.person(t, policy.Learner)
	ben, _ := s.person(t, policy.Learner)
	key, _ := s.call(t, lee, "GET", "/me/push-key", nil).want(t, 200).object(t).at("public_key").(string)
	if len(key) != 87 {
		t.Errorf("%q", key)
	}
	b := service.Subscribe(key)
	in := object{"endpoint": "https://push.example.com/abc", "keys": object{"p256dh": b.P256dh, "auth": b.Auth}, "user_agent": "Payroll"}
	made := s.call(t, lee, "POST", "/me/push-devices", in).want(t, 201).object(t)
	if again := s.call(t, lee, "POST", "/me/push-devices", in).want(t, 201).object(t); again.at("id") != made.at("id") || again.at("user_agent") != "Payroll" {
		t.Errorf("%v, %v", made, again)
	}
	in["endpoint"] = "https://10.0.0.1/abc"
	s.call(t, lee, "POST", "/me/push-devices", in).failed(t, 422, "invalid_input")
	if list := s.call(t, lee, "GET", "/me/push-devices", nil).want(t, 200).object(t).at("items").([]any); len(list) != 1 {
		t.Errorf("%v", list)
	}
	at := "/me/push-devices/" + made.at("id").(string)
	s.call(t, ben, "DELETE", at, nil).failed(t, 404, "push_device_not_found")
	s.call(t, ben, "POST", at+"/trial", nil).failed(t, 404, "push_device_not_found")
	s.call(t, lee, "DELETE", at, nil).want(t, 204)
	s.call(t, lee, "DELETE", "/me/push-devices/"+uid.New().String(), nil).failed(t, 404, "push_device_not_found")

	kinds := func() map[string]map[string]any {
		out := map[string]map[string]any{}
		for _, k := range s.call(t, lee, "GET", "/me/notification-preferences", nil).want(t, 200).object(t).at("kinds").([]any) {
			out[k.(map[string]any)["kind"].(string)] = k.(map[string]any)
		}
		return out
	}
	if k := kinds(); k["marked"]["push"] != true || k["due"]["push"] != false {
		t.Errorf("%v", k)
	}
	s.call(t, lee, "PUT", "/me/notification-preferences", object{"kinds": []object{{"kind": "marked", "app": true, "mail": false}, {"kind": "due", "app": true, "mail": false, "push": true}}}).want(t, 200)
	if k := kinds(); k["marked"]["push"] != true || k["marked"]["mail"] != false || k["due"]["push"] != true {
		t.Errorf("%v", k)
	}
}
