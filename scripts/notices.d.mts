/** A plugin of the bundler that writes the licences of the packages in a bundle beside it. */
export const thirdPartyNotices: () => { readonly name: string }
