// Posts the form that leads to an identity provider.
document.getElementById('leave').requestSubmit();
