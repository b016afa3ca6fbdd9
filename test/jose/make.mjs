// Tokens as they are asked for.
//
//   node make.mjs KEYS    reads [{ key, claims, kid }] and prints the tokens

import { readFileSync } from "node:fs";
import { jwt } from "./sign.mjs";

const asked = JSON.parse(readFileSync(0));
console.log(JSON.stringify(await Promise.all(asked.map(({ key, claims, kid }) => jwt(key, claims, kid ?? undefined)))));
