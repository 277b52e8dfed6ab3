package web

import "net/http"

const maxForm = 4 << 10

// loginPage is the form that asks for the admin token.
type loginPage struct {
	Assets assetNames
	Wrong  bool
}

func (s *Site) showLogin(w http.ResponseWriter, r *http.Request) error {
	if s.guard.admit(r) == nil {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return nil
	}
	if s.guard.token == nil {
		return errNotLoopback
	}
	return writePage(w, http.StatusOK, "login", loginPage{Assets: assets})
}

func (s *Site) login(w http.ResponseWriter, r *http.Request) error {
	if s.guard.token == nil {
		return refusal{http.StatusNotFound, "there is no admin token, so nobody logs in"}
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return refusal{http.StatusBadRequest, "the login form cannot be read"}
	}
	if !s.guard.isToken(r.PostForm.Get("token")) {
		s.opts.Log.Warn("login refused", "remote", r.RemoteAddr)
		return writePage(w, http.StatusUnauthorized, "login", loginPage{Assets: assets, Wrong: true})
	}
	http.SetCookie(w, s.guard.newSession(r.TLS != nil))
	http.Redirect(w, r, "/", http.StatusSeeOther)
	return nil
}

// logout forgets this browser's session.
func (s *Site) logout(w http.ResponseWriter, r *http.Request) error {
	http.SetCookie(w, &http.Cookie{
		Name: sessionCookie, Path: "/", MaxAge: -1,
		Secure: r.TLS != nil, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
	http.Redirect(w, r, "/login", http.StatusSeeOther)
	return nil
}
