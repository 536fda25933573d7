-- The built-in payment provider, which moves no money. An account is a document: it is always read and written whole, under
-- its row's lock. Usage stands beside it, unique by its identifier.
create table control.books (
    tenant_id  uuid not null,
    card_fails boolean not null,
    next_at    timestamptz,
    untold     boolean not null,
    ledger     jsonb not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint books_pk primary key (tenant_id)
);
create index books_next_ix on control.books (next_at) where next_at is not null;
create index books_untold_ix on control.books (updated_at) where untold;

create table control.book_usage (
    identifier  text not null,
    tenant_id   uuid not null,
    meter       text not null,
    quantity    bigint not null,
    at          timestamptz not null,
    recorded_at timestamptz not null,
    constraint book_usage_pk primary key (tenant_id, identifier)
);
create index book_usage_at_ix on control.book_usage (tenant_id, meter, at);

create table control.book_offers (
    version_id uuid not null,
    archived   boolean not null,
    offer      jsonb not null,
    constraint book_offers_pk primary key (version_id)
);

create table control.book_numbers (
    year integer not null,
    n    bigint not null,
    constraint book_numbers_pk primary key (year)
);

create table control.book_coupons (
    code       text not null,
    percent    integer not null,
    amount_off bigint not null,
    currency   text not null,
    months     integer not null,
    expires_at timestamptz,
    constraint book_coupons_pk primary key (code),
    constraint book_coupons_percent_ck check (percent between 0 and 100 and amount_off >= 0)
);
insert into control.book_coupons (code, percent, amount_off, currency, months) values
    ('WELCOME20', 20, 0, '', 3),
    ('NONPROFIT50', 50, 0, '', 0),
    ('TENOFF', 0, 1000, 'EUR', 12);

grant select, insert, update on control.books, control.book_offers, control.book_numbers to lyceum_app;
grant select, insert on control.book_usage to lyceum_app;
grant select on control.book_coupons to lyceum_app;
