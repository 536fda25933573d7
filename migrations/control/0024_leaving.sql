-- Every owner gets the receipt of an erasure; by then the portal that knew their addresses is gone. So they are kept from the day it
-- begins until the mails are sent, and no longer.
alter table control.leavings add column recipients jsonb;

-- An owner may let a portal rest: nothing new is made in it until an owner goes on. A fact of its own beside status and bill, from which
-- tenant/life works out where the organization stands.
alter table control.tenants add column paused_at timestamptz;
