-- careaccess: access control for clinics that lives where the data lives
--
-- complain if script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION careaccess" to load this file. \quit

-- A plain CREATE on purpose: a schema of this name that somebody made before
-- could hold objects that shadow ours, so the installation stops there.
CREATE SCHEMA careaccess;
COMMENT ON SCHEMA careaccess IS 'careaccess: the facts about who may see which client, and the functions that read them';

-- Nothing in it is reachable without a right of its own.
GRANT USAGE ON SCHEMA careaccess TO PUBLIC;
