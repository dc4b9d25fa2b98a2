package sim

import (
	"fmt"
	"net/http"
	"sync"
)

// AmoCRMIntegration simulates an account as an OAuth integration sees it: an access token of a day, given for a refresh token that is spent by
// it (the vendor's documentation, oauth/step-by-step; its own PHP library sends the form that is taken here).
func AmoCRMIntegration(client, secret, redirect, refresh string) *Sim {
	var mu sync.Mutex
	turn, access := 0, ""
	s := amoCRM(func(shown string) bool {
		mu.Lock()
		defer mu.Unlock()
		return access != "" && shown == "Bearer "+access
	})
	s.tokenPath = "/oauth2/access_token"
	s.expire = func() {
		mu.Lock()
		defer mu.Unlock()
		access = ""
	}
	problem := func(status int, hint string) (int, any) {
		return status, Object{
			"hint": hint, "title": "Некорректный запрос", "type": "https://developers.amocrm.ru/v3/errors/OAuthProblemJson", "status": status,
			"detail": "В запросе отсутствует ряд параметров или параметры невалидны",
		}
	}
	s.handle("POST /oauth2/access_token", func(r *http.Request) (int, any) {
		mu.Lock()
		defer mu.Unlock()
		if err := r.ParseForm(); err != nil || r.PostForm.Get("grant_type") != "refresh_token" || r.PostForm.Get("redirect_uri") != redirect {
			s.violate("token request: %v", r.PostForm)
			return problem(http.StatusBadRequest, "")
		}
		if r.PostForm.Get("client_id") != client || r.PostForm.Get("client_secret") != secret {
			return problem(http.StatusUnauthorized, "")
		}
		if r.PostForm.Get("refresh_token") != refresh {
			return problem(http.StatusBadRequest, "Token has been revoked")
		}
		turn++
		access, refresh = fmt.Sprintf("access-%d", turn), fmt.Sprintf("refresh-%d", turn)
		return http.StatusOK, Object{"token_type": "Bearer", "expires_in": 86400, "access_token": access, "refresh_token": refresh}
	})
	return s
}
