-- Everything that turns Riverside's tables into protected ones.
\set ON_ERROR_STOP on

SELECT careaccess_create_practice('riverside', 'Riverside', 'standard');
SELECT careaccess_add_member('riverside', id, name, ARRAY[role])
FROM clinic.staff;
SELECT careaccess_adopt_clients('clinic.clients', 'id',
    practice => 'riverside', owner_column => 'owner');

SELECT careaccess_protect('clinic.clients', 'id', 'profile');
SELECT careaccess_protect('clinic.appointments', 'client', 'schedule');
SELECT careaccess_protect('clinic.notes', 'client',
    category_column => 'category', author_column => 'author');
SELECT careaccess_protect('clinic.documents', 'client', 'documents');
SELECT careaccess_protect('clinic.invoices', 'client', 'billing');
